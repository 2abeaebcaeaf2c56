/** Addresses that open a message with its text written. Pure. */

/** A text message. `?&` is what both iOS and Android understand. */
export function smsUrl(phone: string, body: string): string {
  return `sms:${phone.replace(/[^\d+]/g, "")}?&body=${encodeURIComponent(body)}`;
}

export function emailUrl(to: string, subject: string, body: string): string {
  const fields = `subject=${encodeURIComponent(subject)}&body=${encodeURIComponent(body)}`;
  return `mailto:${encodeURIComponent(to).replace("%40", "@")}?${fields}`;
}
