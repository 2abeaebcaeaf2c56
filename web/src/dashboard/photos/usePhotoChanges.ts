import { useMemo } from "preact/hooks";
import { changePhoto } from "../../api/calls";
import type { Api } from "../../api/client";
import type { ChangePhoto, Phase, Photo } from "../../api/types";
import type { Pages } from "../../lib/usePages";

/** What staff change of a photo. */
export type PhotoChange =
  { phase: Phase | null } | { caption: string | null } | { hidden: boolean };

/** Changes asked for at one time. */
const AT_ONCE_MAX = 4;

/**
 * Shows a change of photos at once and saves it. Where the server refuses, those photos are shown as before, and the
 * first refusal is thrown when all are done.
 */
export type ChangePhotos = (photos: readonly Photo[], change: PhotoChange) => Promise<void>;

export function usePhotoChanges(api: Api, jobId: string, photos: Pages<Photo>): ChangePhotos {
  const { replace, reload } = photos;
  return useMemo(
    () => async (changed, change) => {
      const ids = new Set(changed.map(({ photo_id }) => photo_id));
      replace((photo) => (ids.has(photo.photo_id) ? { ...photo, ...change } : photo));
      const errors: unknown[] = [];
      const waiting = [...changed];
      const work = async () => {
        for (let photo = waiting.shift(); photo !== undefined; photo = waiting.shift()) {
          const before = photo;
          try {
            await changePhoto(api, jobId, before.photo_id, change satisfies ChangePhoto);
          } catch (error) {
            errors.push(error);
            const old = oldValues(before, change);
            replace((now) => (now.photo_id === before.photo_id ? { ...now, ...old } : now));
          }
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE_MAX }, work));
      if (errors.length < changed.length) reload();
      if (errors.length > 0) throw errors[0];
    },
    [api, jobId, replace, reload],
  );
}

/** What `change` changes, as it was. */
function oldValues(photo: Photo, change: PhotoChange): Partial<Photo> {
  const keys = Object.keys(change) as (keyof Photo)[];
  return Object.fromEntries(keys.map((key) => [key, photo[key]]));
}
