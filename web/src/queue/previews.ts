import { makePreview } from "../upload/preview";
import { keepPreview, photoBytes, preview } from "./database";

/** The small pictures of photos on the phone. They are made one after another: many at once make a phone close the page. */
export class Previews {
  readonly #urls = new Map<string, string>();
  /** Photos whose preview was looked for. */
  readonly #sought = new Set<string>();
  #work: Promise<void> = Promise.resolve();

  constructor(
    private readonly changed: () => void,
    /** Whether the page still shows the photo. */
    private readonly isShown: (id: string) => boolean,
    /** Whether the phone has room for a preview. */
    private readonly mayWrite: () => boolean,
  ) {}

  url(id: string): string | null {
    return this.#urls.get(id) ?? null;
  }

  /** Makes the preview of a photo that was just added. */
  make(id: string, file: Blob): void {
    this.#sought.add(id);
    this.#work = this.#work.then(() => this.#make(id, file)).catch(() => undefined);
  }

  /** Looks for the preview of a photo that is in the phone's store; one that the worker took in has none yet. */
  load(id: string): void {
    if (this.#sought.has(id)) return;
    this.#sought.add(id);
    this.#work = this.#work.then(() => this.#load(id)).catch(() => undefined);
  }

  drop(id: string): void {
    const url = this.#urls.get(id);
    if (url !== undefined) URL.revokeObjectURL(url);
    this.#urls.delete(id);
  }

  async #make(id: string, file: Blob): Promise<void> {
    const jpeg = await makePreview(file);
    if (jpeg === null || !this.isShown(id)) return;
    this.#show(id, jpeg);
    // A preview can be made again: it is not worth a refused write.
    if (this.mayWrite()) await keepPreview(id, await jpeg.arrayBuffer());
  }

  async #load(id: string): Promise<void> {
    const jpeg = await preview(id);
    if (jpeg !== null) return this.#show(id, new Blob([jpeg], { type: "image/jpeg" }));
    const bytes = await photoBytes(id);
    if (bytes !== null) await this.#make(id, new Blob([bytes]));
  }

  #show(id: string, jpeg: Blob): void {
    this.drop(id);
    this.#urls.set(id, URL.createObjectURL(jpeg));
    this.changed();
  }
}
