import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Place } from "../queue/kept";

/** A position older than this may be that of the last job. */
const AGE_MS_MAX = 2 * 60_000;
/** Where the choice is kept; nobody is asked before they chose it. */
const keptUnder = "qdn-place";

export interface PlaceOfPhotos {
  /** `off` until the driver turns it on; `refused` when the phone does not allow it. */
  state: "off" | "on" | "refused";
  /** False where the browser tells no position, as over plain HTTP. */
  possible: boolean;
  turn: (on: boolean) => void;
  /** Where the phone is, null when that is not known well enough at this moment: no photo waits for it. */
  now: () => Place | null;
}

/** The position for new photos, followed only while the driver wants it and the page is open. */
export function usePlace(): PlaceOfPhotos {
  const possible = window.isSecureContext && "geolocation" in navigator;
  const [state, setState] = useState<PlaceOfPhotos["state"]>(() =>
    possible && readKept() ? "on" : "off",
  );
  const last = useRef<GeolocationPosition | null>(null);

  useEffect(() => {
    if (state !== "on") return;
    const watch = navigator.geolocation.watchPosition(
      (position) => {
        last.current = position;
      },
      (error) => {
        // Only a refusal ends it: a phone in a garage finds itself again outside.
        if (error.code === error.PERMISSION_DENIED) setState("refused");
      },
      { enableHighAccuracy: true, maximumAge: 30_000 },
    );
    return () => navigator.geolocation.clearWatch(watch);
  }, [state]);

  const turn = useCallback((on: boolean) => {
    keep(on);
    last.current = null;
    setState(on ? "on" : "off");
  }, []);
  const now = useCallback((): Place | null => {
    const position = last.current;
    if (position === null || Math.abs(Date.now() - position.timestamp) > AGE_MS_MAX) return null;
    const { latitude, longitude } = position.coords;
    return { latitude, longitude };
  }, []);
  return { state, possible, turn, now };
}

function readKept(): boolean {
  try {
    return localStorage.getItem(keptUnder) === "on";
  } catch {
    return false;
  }
}

function keep(on: boolean): void {
  try {
    localStorage.setItem(keptUnder, on ? "on" : "off");
  } catch {
    // The choice then lasts as long as the page.
  }
}
