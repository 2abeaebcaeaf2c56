import { expect, test } from "vitest";
import { emailUrl, smsUrl } from "./message";

test("a_message_carries_its_text_whole_and_a_number_only_its_digits", () => {
  const url = "https://photos.example.com/track/#t=a+b&c";
  expect(smsUrl("+1 (555) 010-0199", `Fotos: ${url}`)).toBe(
    `sms:+15550100199?&body=${encodeURIComponent(`Fotos: ${url}`)}`,
  );
  const mail = new URL(emailUrl("sam@example.com", "A & B", url));
  expect(mail.pathname).toBe("sam@example.com");
  expect(mail.searchParams.get("subject")).toBe("A & B");
  expect(mail.searchParams.get("body")).toBe(url);
});

test("an_address_cannot_add_fields_to_a_mail", () => {
  expect(emailUrl("a@b.c?bcc=x@y.z", "s", "b")).not.toContain("?bcc");
});
