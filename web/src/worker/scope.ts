/** What a service worker has of its browser, as far as ours uses it: the typings of pages do not know workers. */

export interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}

export interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  /** The page that the request comes from; empty for a navigation that the browser started. */
  readonly clientId: string;
  respondWith(response: Promise<Response>): void;
}

/** Fired when the network is back, or was never away (W3C Background Sync). */
export interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}

export interface MessageEventOfWorker extends ExtendableEvent {
  readonly data: unknown;
  readonly origin: string;
}

interface Events {
  fetch: FetchEvent;
  sync: SyncEvent;
  message: MessageEventOfWorker;
  activate: ExtendableEvent;
}

export interface WorkerScope {
  addEventListener<Name extends keyof Events>(
    name: Name,
    listener: (event: Events[Name]) => void,
  ): void;
  skipWaiting(): Promise<void>;
  clients: {
    claim(): Promise<void>;
    matchAll(options: {
      type: "window";
      includeUncontrolled: boolean;
    }): Promise<readonly { readonly url: string }[]>;
  };
}

export const scope = self as unknown as WorkerScope;
