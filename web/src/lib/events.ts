/** Server-sent events, read from text. Pure: no network, no clock. */

export interface ServerEvent {
  /** `message` where the server names none. */
  name: string;
  data: string;
}

/** Takes the stream's text in pieces of any size and gives the events that are whole. */
export class EventParser {
  #rest = "";
  #name = "";
  #data: string[] = [];

  push(text: string): ServerEvent[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line));
  }

  /** An empty line ends an event; one that begins with a colon is a comment that keeps the line alive. */
  #line(line: string): ServerEvent[] {
    if (line === "") {
      const event = { name: this.#name || "message", data: this.#data.join("\n") };
      const whole = this.#data.length > 0;
      this.#name = "";
      this.#data = [];
      return whole ? [event] : [];
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#name = value;
    if (field === "data") this.#data.push(value);
    return [];
  }
}
