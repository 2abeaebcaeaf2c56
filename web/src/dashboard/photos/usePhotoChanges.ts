import { useMemo } from "preact/hooks";
import { changePhoto } from "../../api/calls";
import type { Api } from "../../api/client";
import type { ChangePhoto, Phase, Photo } from "../../api/types";
import type { Pages } from "../../lib/usePages";

/** What staff change of a photo. */
export type PhotoChange =
  { phase: Phase | null } | { caption: string | null } | { hidden: boolean };

/** Shows a change at once and saves it; rejects, and shows the old again, when the server refuses. */
export type ChangePhotoNow = (photo: Photo, change: PhotoChange) => Promise<void>;

export function usePhotoChanges(api: Api, jobId: string, photos: Pages<Photo>): ChangePhotoNow {
  const { replace, reload } = photos;
  return useMemo(() => {
    const show = (photoId: string, change: Partial<Photo>) =>
      replace((photo) => (photo.photo_id === photoId ? { ...photo, ...change } : photo));
    return async ({ photo_id, ...before }, change) => {
      show(photo_id, change);
      try {
        await changePhoto(api, jobId, photo_id, change satisfies ChangePhoto);
        reload();
      } catch (error) {
        const keys = Object.keys(change) as (keyof typeof before)[];
        show(photo_id, Object.fromEntries(keys.map((key) => [key, before[key]])));
        throw error;
      }
    };
  }, [api, jobId, replace, reload]);
}
