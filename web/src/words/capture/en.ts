/** Texts of the capture page alone, in English: the customer's page does without them. */
export const en = {
  capture: {
    title: "Job photos",
    takePhoto: "Take photo",
    library: "Library",
    tag: "Tag for the next photos",
    change: "Change job",
    pickJob: "Which job is it?",
    search: "Search jobs",
    today: "Today",
    otherJobs: "Other jobs",
    noneFound: "No job matches.",
    noJobs: "There is no job for you yet. Ask the office for a link.",
    allSafe: (count: number) =>
      count === 1 ? "1 photo safe on the server" : `All ${count} safe on the server`,
    nothingYet: "No photos yet",
    keeping: (count: number) => `${count} being saved on this phone`,
    onlyHere: (count: number) => `${count} only on this phone, sending`,
    onlyHereFailed: (count: number) => `${count} only on this phone, not sent. Tap to see why.`,
    onlyHereNoSignal: (count: number) => `${count} only on this phone, waiting for signal`,
    waitsForJob: (count: number) => `${count} only on this phone, without a job yet`,
    linkEnded:
      "That link no longer works. Your other jobs are here. Ask the office for a new link.",
    onlyInPage: (count: number) =>
      `${count} not saved: this phone has no room. Keep this page open until they are sent.`,
    lost: (count: number) =>
      count === 1
        ? "1 photo was lost on this phone. Tap to see which."
        : `${count} photos were lost on this phone. Tap to see which.`,
    perhapsLost: (count: number) =>
      count === 1
        ? "1 photo can't be found on this phone. It may be on the server. Tap to see which."
        : `${count} photos can't be found on this phone. They may be on the server. Tap to see which.`,
    phoneLow: "This phone is running short of space. Send your photos soon, or free some space.",
    phoneFull: "This phone is full. Free some space so that it can keep photos again.",
    noJobYet: (count: number) =>
      count === 1
        ? "1 photo from your gallery is on this phone. Which job is it?"
        : `${count} photos from your gallery are on this phone. Which job are they?`,
    addHere: (title: string) => `Add to ${title}`,
    otherJob: "Another job",
    sharedMissed: (count: number) =>
      count === 1
        ? "1 shared file was not taken. It is still in your gallery."
        : `${count} shared files were not taken. They are still in your gallery.`,
    shareLost:
      "The shared photos did not arrive. They are still in your gallery. Add them with Library.",
    listOld: "We can't reach the server right now. New photos are kept on this phone.",
    tile: {
      keeping: "Saving",
      here: "On phone",
      sending: (percent: number) => `${percent} %`,
      saving: "Checking",
      safe: "Safe",
      failed: "Not sent",
    },
    insecure:
      "This address isn't secure. Photos are kept here and sent, but the page can't open without signal, and places are off.",
    cannotKeep:
      "This browser window can't keep photos. Stay on this page until each one is safe on the server.",
    install: "Add to home screen",
    installHelp: "Opens without signal, with your jobs and your photos.",
    phone: {
      title: "On this phone",
      open: "This phone",
      nothing: "Nothing is waiting. Everything you took is safe on the server.",
      jobOf: (title: string) => `For ${title}`,
      noJob: "No job chosen",
      retry: "Try again",
      move: "Another job",
      save: "Save a copy",
      saveAll: "Save copies of all",
      saved: "Saved",
      remove: "Remove",
      removeQuestion: "Remove this photo? It is not on the server, so it will be gone for good.",
      removeConfirm: "Remove for good",
      keep: "Keep",
      place: "Add the place to new photos",
      placeHelp: "Only the office sees it. Customers never do.",
      placeRefused:
        "This phone doesn't allow it. Turn location on for this page in the phone's settings.",
      lost: {
        title: (count: number) => (count === 1 ? "1 photo is gone" : `${count} photos are gone`),
        why: "The browser no longer has these photos, most likely because the phone ran out of space. Take them again if you can.",
        gone: "Not on this phone, not on the server",
        perhaps: "Not on this phone. We ask the server when there is signal.",
        noTag: "No tag",
        dismiss: "Clear this list",
        unknown: (count: number) =>
          count === 1
            ? "We can't tell whether the server has the uncertain one. Look for it in its job before you clear it."
            : `We can't tell whether the server has the ${count} uncertain ones. Look for them in their jobs before you clear them.`,
        dismissUnknown: "Clear what is uncertain",
      },
      storageSafe:
        "This phone keeps the photos until they are sent, as long as it has space for them.",
      storageUnsure:
        "If space runs short this phone may clear the page's storage. Send photos soon.",
      shortcuts: "Phone shortcuts",
      language: "Language",
    },
  },

  shortcuts: {
    title: "Phone shortcuts",
    intro: "Send photos to this job from the share menu or the home screen, without this page.",
    keepSecret: "These hold your own link. Don't pass them on.",
    androidInstall: (app: string) => `Install the app “${app}” from the Play Store or F-Droid.`,
    androidFile: "Save the file below.",
    androidImport: "In the app: menu, Import / Export, Import from file. Pick the file.",
    androidPlace: "Add the shortcuts to your home screen.",
    androidSave: "Save the file for Android",
    iphoneIntro:
      "In the app Shortcuts make a new one that receives images from the share sheet, with two actions “Get Contents of URL”.",
    first: "First action",
    second: "Second action",
    fields: {
      url: "URL",
      method: "Method",
      headers: "Headers",
      body: "Request body",
      file: "File",
    },
    fromFirst: "the “url” of the first answer",
    sharedImage: "Shortcut Input",
    back: "Back to photos",
    failed: "The file could not be made. Check your connection and try again.",
  },
};

/** The shape every language fills. */
export type CaptureTexts = typeof en;
