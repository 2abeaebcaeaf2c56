/** The name under which the browser wakes the service worker when the network returns. */
export const SYNC = "qdn-photos";

/** Asks the browser to send what is left when the page is gone; only some can. */
export async function registerSync(): Promise<void> {
  try {
    const registration = await navigator.serviceWorker?.getRegistration();
    if (registration && "sync" in registration) {
      await (registration.sync as { register(tag: string): Promise<void> }).register(SYNC);
    }
  } catch {
    // Not allowed, or not there: the page sends when it is open.
  }
}
