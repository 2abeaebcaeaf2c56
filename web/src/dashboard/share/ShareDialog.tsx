import { useEffect, useMemo } from "preact/hooks";
import type { Job, LinkRole, MadeLink } from "../../api/types";
import { dayText } from "../../lib/format";
import { CopyField } from "../../parts/CopyField";
import { Dialog } from "../../parts/Dialog";
import { Icon } from "../../parts/Icon";
import { useWords } from "../../words";
import { emailUrl, smsUrl } from "./message";

/** A link that was just made, in every way it can be handed over. It can't be shown again. */
export function ShareDialog(props: {
  link: MadeLink;
  linkRole: LinkRole;
  job: Job | null;
  company: string;
  onClose: () => void;
}) {
  const { words, language } = useWords();
  const { link, linkRole: role, job } = props;
  const title = words.share[role];
  return (
    <Dialog class="sheet share-sheet" labelledBy="share-dialog" onClose={props.onClose}>
      <div class="sheet-head">
        <h2 id="share-dialog">{words.share.ready[role]}</h2>
        <button
          type="button"
          class="icon-button"
          aria-label={words.common.close}
          onClick={props.onClose}
        >
          <Icon name="close" size={24} />
        </button>
      </div>
      <p class="soft">{job?.title}</p>
      {link.qrSvg !== null && <QrCode svg={link.qrSvg} label={words.share.qr(title)} />}
      <p class="small soft centred">{words.share.scan[role]}</p>
      <CopyField label={title} value={link.url} />
      <SendButtons {...props} />
      <p class="small soft">
        {words.share.until(dayText(link.expiresAt, new Date(), language))}. {words.share.shownOnce}
      </p>
    </Dialog>
  );
}

/** As a picture from memory: the pages' policy forbids the styles that drawing it in place could bring. */
function QrCode({ svg, label }: { svg: string; label: string }) {
  const url = useMemo(() => URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" })), [svg]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  return <img class="qr" src={url} alt={label} width={264} height={264} />;
}

/** What this device can send with: its own share sheet, a text message or mail to the customer of the job. */
function SendButtons(props: {
  link: MadeLink;
  linkRole: LinkRole;
  job: Job | null;
  company: string;
}) {
  const { words } = useWords();
  const { link, job } = props;
  const customer = props.linkRole === "customer" ? job?.customer : null;
  const text = words.share.message[props.linkRole](props.company, job?.title ?? "");
  const subject = props.company;
  return (
    <div class="send-buttons">
      {customer?.phone && (
        <a class="button" href={smsUrl(customer.phone, `${text} ${link.url}`)}>
          <Icon name="message" />
          {words.share.text(customer.name)}
        </a>
      )}
      {customer?.email && (
        <a class="button" href={emailUrl(customer.email, subject, `${text}\n\n${link.url}`)}>
          <Icon name="mail" />
          {words.share.email(customer.name)}
        </a>
      )}
      {typeof navigator.share === "function" && (
        <button
          type="button"
          class="button"
          onClick={() => {
            // Closing the share sheet rejects too; there is nothing to say about it.
            navigator.share({ title: subject, text, url: link.url }).catch(() => undefined);
          }}
        >
          <Icon name="share" />
          {words.share.send}
        </button>
      )}
    </div>
  );
}
