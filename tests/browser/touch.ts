import type { Page } from "@playwright/test";

interface Point {
  x: number;
  y: number;
}

/** Fingers on the screen of a phone, as the browser itself receives them. */
export class Fingers {
  private constructor(private readonly send: (type: string, points: Point[]) => Promise<unknown>) {}

  static async on(page: Page): Promise<Fingers> {
    const session = await page.context().newCDPSession(page);
    return new Fingers((type, points) =>
      session.send("Input.dispatchTouchEvent", {
        type: type as "touchStart",
        touchPoints: points.map((point, id) => ({ ...point, id })),
      }),
    );
  }

  /** Moves fingers together, each from its first point to its last, in as many steps as a quick hand is seen to take. */
  async move(paths: readonly [from: Point, to: Point][], steps = 10): Promise<void> {
    const at = (part: number) =>
      paths.map(([from, to]) => ({
        x: from.x + (to.x - from.x) * part,
        y: from.y + (to.y - from.y) * part,
      }));
    await this.send("touchStart", at(0));
    for (let step = 1; step <= steps; step += 1) {
      await this.send("touchMove", at(step / steps));
      await new Promise((resolve) => setTimeout(resolve, 16));
    }
    await this.send("touchEnd", []);
  }

  swipe(from: Point, to: Point): Promise<void> {
    return this.move([[from, to]]);
  }

  /** Two taps as quick as a hand makes them, however slow the machine is. */
  async doubleTap(point: Point): Promise<void> {
    const tap = () => [this.send("touchStart", [point]), this.send("touchEnd", [])];
    await Promise.all([...tap(), ...tap()]);
  }

  /** Two fingers around a point, from so far apart to so far apart. */
  pinch({ x, y }: Point, from: number, to: number): Promise<void> {
    return this.move([
      [
        { x: x - from / 2, y },
        { x: x - to / 2, y },
      ],
      [
        { x: x + from / 2, y },
        { x: x + to / 2, y },
      ],
    ]);
  }
}
