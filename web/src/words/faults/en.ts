/** What is wrong with a photo, in English: `short` on its tile, `whole` where it is open. What is safe is said, too. */
export const en = {
  /** It is shown, but not all of it is there. */
  damaged: {
    short: "Part is missing",
    whole: "Part of this photo is missing: its file is damaged. The original is kept.",
  },

  /** The server had it and has its file no more. */
  missing: {
    short: "File missing",
    whole:
      "The server has lost this photo's file. If the photo is still on a phone or computer, add it again, and tell whoever looks after the server.",
  },

  /** Why it can't be shown, by the server's codes. */
  rejection: {
    empty: {
      short: "Empty file",
      whole:
        "This file is empty: there is no photo in it. If the photo is still on the phone, send it again.",
    },
    not_a_photo: {
      short: "Not a photo",
      whole: "This file isn't a photo. The original is kept.",
    },
    format_unsupported: {
      short: "Can't show this kind",
      whole:
        "We can't show files of this kind, such as a film or a camera's raw photo. The original is kept.",
    },
    too_many_bytes: {
      short: "File too large",
      whole:
        "This file is too large for us to open. The original is kept. Send a smaller copy to see it here.",
    },
    too_many_pixels: {
      short: "Photo too large",
      whole:
        "This photo is larger than we can show. The original is kept. Send a smaller copy to see it here.",
    },
    side_too_long: {
      short: "Photo too long",
      whole:
        "This photo is longer than we can show. The original is kept. Send a smaller copy to see it here.",
    },
    too_much_memory: {
      short: "Photo too large",
      whole:
        "This photo is too large for the server to open. The original is kept. Send a smaller copy to see it here.",
    },
    too_many_scans: {
      short: "Unusual file",
      whole:
        "This file isn't built as cameras build theirs, so we don't open it. The original is kept. Save it as a new photo and send that one to see it here.",
    },
    colour_profile_too_large: {
      short: "Unusual file",
      whole:
        "This file says more about its colors than any camera does, so we don't open it. The original is kept. Save it as a new photo and send that one to see it here.",
    },
    truncated: {
      short: "Cut off",
      whole:
        "Too much of this photo is missing: its file is cut off. What arrived is kept. If you have a whole copy, send that one.",
    },
    corrupt: {
      short: "Damaged file",
      whole:
        "This file is damaged, so the photo can't be shown. The original is kept. If you have another copy, send that one.",
    },
    decoder_died: {
      short: "Couldn't be opened",
      whole:
        "We tried to open this file several times and failed each time. The original is kept. Save it as a new photo and send that one to see it here.",
    },
    took_too_long: {
      short: "Took too long",
      whole:
        "Opening this photo took too long, several times. The original is kept. Send a smaller copy to see it here.",
    },
    /** For a code that these pages don't know. */
    other: {
      short: "Can't be shown",
      whole: "We can't show this file. The original is kept.",
    },
  },
};

/** The shape every language fills. */
export type FaultWords = typeof en;
