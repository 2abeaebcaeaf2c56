import { Dialog } from "../parts/Dialog";
import { useWords } from "../words";

/** Which keys there are. */
export function KeysHelp({ onClose }: { onClose: () => void }) {
  const { words } = useWords();
  const { keys } = words;
  const list: [string[], string][] = [
    [["/"], keys.search],
    [["J", "↓"], keys.next],
    [["K", "↑"], keys.previous],
    [["Enter"], keys.open],
    [["Esc"], keys.close],
    [["N"], keys.add],
    [["Ctrl Z"], keys.undo],
    [["?"], keys.help],
  ];
  const photo: [string[], string][] = [
    [["←", "→"], keys.photos],
    [["1", "2", "3", "4"], keys.tag],
    [["0"], keys.noTag],
    [["H"], keys.hide],
    [["X"], keys.select],
    [["Delete"], keys.delete],
  ];
  return (
    <Dialog class="sheet keys-help" labelledBy="keys-title" onClose={onClose}>
      <h2 id="keys-title">{keys.title}</h2>
      <KeyList list={list} />
      <h3>{keys.photoTitle}</h3>
      <KeyList list={photo} />
      <div class="actions">
        <button type="button" class="button" onClick={onClose}>
          {words.common.close}
        </button>
      </div>
    </Dialog>
  );
}

function KeyList({ list }: { list: [string[], string][] }) {
  return (
    <dl class="key-list">
      {list.map(([keys, text]) => (
        <div key={text}>
          <dt>
            {keys.map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
