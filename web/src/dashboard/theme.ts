import { createStore } from "../lib/store";

export type Theme = "light" | "dark";

/** Where a theme chosen by hand is kept; without one the system's wish holds. */
const keptUnder = "qdn-theme";

function systemTheme(): Theme {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function keptTheme(): Theme | null {
  try {
    const kept = localStorage.getItem(keptUnder);
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    // Storage is switched off in some private windows.
    return null;
  }
}

/** The theme on screen. */
export const theme = createStore<Theme>(keptTheme() ?? systemTheme());

/** Applies the kept choice and follows the system while there is none. */
export function followTheme(): void {
  const kept = keptTheme();
  if (kept !== null) document.documentElement.dataset.theme = kept;
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (keptTheme() === null) theme.set(systemTheme());
  });
}

/** Changes to the other theme and keeps the choice on this device. */
export function switchTheme(): void {
  const next = theme.get() === "light" ? "dark" : "light";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(keptUnder, next);
  } catch {
    // See keptTheme.
  }
  theme.set(next);
}
