/** Texts for numbers and times, in the reader's language. Pure: the language and the present moment are arguments. */

const KB = 1_000;
const MB = 1_000_000;

/** `bytes` in the unit a person would pick: 812 kB, 3.4 MB. Decimal units, as phones show them. */
export function bytesText(bytes: number, language: string): string {
  const [value, unit, digits] =
    bytes < KB
      ? ([bytes, "byte", 0] as const)
      : bytes < MB
        ? ([bytes / KB, "kilobyte", 0] as const)
        : ([bytes / MB, "megabyte", 1] as const);
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit,
    unitDisplay: "short",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** Whole days from the day of `now` to the day of `date`, as the wall calendar counts them. */
export function daysAhead(date: Date, now: Date): number {
  const midnight = (d: Date) => Date.UTC(d.getFullYear(), d.getMonth(), d.getDate());
  return Math.round((midnight(date) - midnight(now)) / 86_400_000);
}

/**
 * A moment as a dispatcher says it: "Today, 9:00 AM" within a day of now, "Tue, Nov 24, 9:00 AM" in the same
 * year, with the year otherwise. `rfc3339` that is no time gives an empty text.
 */
export function whenText(rfc3339: string, now: Date, language: string): string {
  const date = new Date(rfc3339);
  if (Number.isNaN(date.getTime())) return "";
  const time = timeText(date, language);
  const days = daysAhead(date, now);
  if (Math.abs(days) <= 1) {
    const word = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(days, "day");
    return `${capitalised(word, language)}, ${time}`;
  }
  return `${dayText(rfc3339, now, language)}, ${time}`;
}

/** The day alone: "Tue, Nov 24", with the year when it is not this year's. */
export function dayText(rfc3339: string, now: Date, language: string): string {
  const date = new Date(rfc3339);
  if (Number.isNaN(date.getTime())) return "";
  const sameYear = date.getFullYear() === now.getFullYear();
  return new Intl.DateTimeFormat(language, {
    weekday: "short",
    month: "short",
    day: "numeric",
    ...(sameYear ? {} : { year: "numeric" }),
  }).format(date);
}

/** The time of day: "9:00 AM". */
export function timeText(date: Date, language: string): string {
  return new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(date);
}

/** The day in full, for a sentence: "Tuesday, November 24". */
export function longDayText(rfc3339: string, language: string): string {
  const date = new Date(rfc3339);
  if (Number.isNaN(date.getTime())) return "";
  return new Intl.DateTimeFormat(language, {
    weekday: "long",
    month: "long",
    day: "numeric",
  }).format(date);
}

/** `word` as it stands at the beginning of a line. */
export function capitalised(word: string, language: string): string {
  return word.charAt(0).toLocaleUpperCase(language) + word.slice(1);
}

/** A phone number that stands on one line whatever stands beside it. */
export function phoneText(phone: string): string {
  return phone.replace(/ /g, "\u00a0");
}

/** The address that calls a phone number. */
export function phoneHref(phone: string): string {
  return `tel:${phone.replace(/[^+\d*#]/g, "")}`;
}
