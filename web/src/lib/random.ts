/**
 * 128 random bits as 32 hexadecimal digits. `crypto.randomUUID` would be shorter but exists only in secure
 * contexts, and a phone may reach the server over plain HTTP in a local network.
 */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
