import { describe, expect, test } from "vitest";
import { bytesText, dayText, phoneHref, phoneText, whenText } from "./format";

const now = new Date(2026, 10, 23, 12, 0);
const local = (...parts: [number, number, number, number, number]) =>
  new Date(...parts).toISOString();
/** Some versions of the language data put a narrow no-break space before AM. */
const plain = (text: string) => text.replace(/\s/g, " ");

describe("bytes", () => {
  test("are_shown_in_the_unit_a_person_would_pick", () => {
    expect(plain(bytesText(0, "en"))).toBe("0 byte");
    expect(plain(bytesText(812_400, "en"))).toBe("812 kB");
    expect(plain(bytesText(3_449_000, "en"))).toBe("3.4 MB");
    expect(plain(bytesText(3_449_000, "es"))).toBe("3,4 MB");
  });
});

describe("times", () => {
  test("near_now_are_said_in_words", () => {
    expect(plain(whenText(local(2026, 10, 23, 9, 0), now, "en"))).toBe("Today, 9:00 AM");
    expect(plain(whenText(local(2026, 10, 24, 0, 5), now, "en"))).toBe("Tomorrow, 12:05 AM");
    expect(plain(whenText(local(2026, 10, 22, 23, 59), now, "es"))).toBe("Ayer, 23:59");
  });

  test("further_off_carry_the_day_and_the_year_only_when_it_differs", () => {
    expect(plain(whenText(local(2026, 10, 26, 9, 0), now, "en"))).toBe("Thu, Nov 26, 9:00 AM");
    expect(dayText(local(2027, 0, 4, 9, 0), now, "en")).toBe("Mon, Jan 4, 2027");
  });

  test("that_are_no_times_give_an_empty_text", () => {
    expect(whenText("soon", now, "en")).toBe("");
    expect(dayText("", now, "en")).toBe("");
  });
});

test("a_phone_number_is_called_by_its_digits_and_written_on_one_line", () => {
  expect(phoneHref("+1 (555) 010-0199")).toBe("tel:+15550100199");
  expect(phoneText("+1 555 010")).toBe("+1\u00a0555\u00a0010");
});
