/** Every text of the pages in English. Short and plain; what is safe comes first. */
export const en = {
  otherLanguage: "Español",

  status: {
    scheduled: "Scheduled",
    in_progress: "In progress",
    done: "Done",
    cancelled: "Cancelled",
  },
  phase: { before: "Before", during: "During", after: "After", issue: "Issue" },

  common: {
    close: "Close",
    cancel: "Cancel",
    tryAgain: "Try again",
    loading: "Loading",
    light: "Light theme",
    dark: "Dark theme",
    optional: "optional",
  },

  errors: {
    offline: "We can't reach the server. Check your connection and try again.",
    server: "The server had a problem. Nothing was lost. Try again in a moment.",
    busy: "The server is busy. Wait a moment and try again.",
    signedOut: "Your link no longer works. Ask for a new one.",
    forbidden: "Your link doesn't allow this.",
    notFound: "We can't find this. It may have been removed.",
    invalid: "The server didn't accept this.",
    unexpected: "Something went wrong. Try again.",
    reference: (id: string) => `Reference: ${id}`,
    stale: "We can't reach the server right now. What you see may be out of date.",
  },

  gate: {
    expiredTitle: "This link no longer works",
    expiredStaff:
      "It ended or was turned off. Ask for a new one, or print one with the command qdn link.",
    expired: "It ended or was turned off. Your photos are safe. Ask the office for a new link.",
    signedOutTitle: "Open your link to sign in",
    signedOutStaff: "Your sign-in ended on this device. Open your staff link again.",
    signedOut: "Open the link you were sent. It brings you right back here.",
    expiredCrew: "It ended or was turned off. Ask the office for a new link.",
    photosHere: (count: number) =>
      count === 1
        ? "1 photo is safe on this phone. It is sent when you open a link that works."
        : `${count} photos are safe on this phone. They are sent when you open a link that works.`,
    offlineTitle: "No connection",
    problemTitle: "This page can't open right now",
    call: (phone: string) => `Call ${phone}`,
  },

  jobs: {
    title: "Jobs",
    search: "Search jobs",
    searchHint: "Title, customer or address",
    all: "All",
    filter: "Status",
    add: "New job",
    empty: "No jobs yet. Add the first one and send its link to the crew.",
    noneFound: (query: string) => `Nothing matches “${query}”.`,
    noneWithStatus: "No job has this status.",
    clearSearch: "Clear search",
    unscheduled: "No date",
    photos: (count: number) =>
      count === 0 ? "No photos" : count === 1 ? "1 photo" : `${count} photos`,
    signOut: "Sign out",
    pickOne: "Pick a job to see its photos.",
  },

  newJob: {
    title: "New job",
    jobTitle: "What is the job?",
    jobTitleHint: "Garage clean-out",
    customerName: "Customer's name",
    phone: "Phone",
    email: "Email",
    address: "Address",
    when: "Day and time",
    save: "Add job",
    saving: "Adding",
    required: "Fill this in.",
  },

  editJob: { title: "Edit job", save: "Save changes", saving: "Saving" },

  signOut: {
    question: (count: number) =>
      count === 1
        ? "1 photo is still being sent. If you sign out now it stays on this device only."
        : `${count} photos are still being sent. If you sign out now they stay on this device only.`,
    failed: "You are still signed in on this device.",
    stay: "Stay",
  },

  keys: {
    title: "Keys",
    hint: ["Press", "to see the keys."],
    search: "Search",
    next: "Next job",
    previous: "Previous job",
    open: "Open the job",
    close: "Close",
    add: "New job",
    undo: "Bring back a deleted photo",
    help: "Show the keys",
    select: "Select a photo",
    photoTitle: "With a photo",
    photos: "Previous and next photo",
    tag: "Before, during, after, issue",
    noTag: "No tag",
    hide: "Hide from the customer or show",
    delete: "Delete the photo",
  },

  job: {
    byTag: "Show photos by tag",
    allTags: "All",
    titleUnknown: "Job",
    missingTitle: "No such job",
    missing: "We can't find this job. It may have been removed.",
    photos: "Photos",
    noPhotos: "No photos yet. The first one you upload shows here.",
    noPhotosCrew: "The photos you take show here.",
    tooMany: "Show more photos",
    photoNumber: (index: number, total: number) => `Photo ${index} of ${total}`,
    takenAt: (when: string) => `Taken: ${when}`,
    uploadedAt: (when: string) => `Uploaded: ${when}`,
    deletePhoto: "Delete photo",
    downloadAll: "Download all",
    hidden: "Hidden from the customer",
    keep: "Keep",
    map: "Open in maps",
    call: "Call",
    noPreview: "No preview",
    preparing: "Getting ready",
  },

  undo: {
    title: "Deleted photos",
    deleted: (count: number) => (count === 1 ? "Photo deleted" : `${count} photos deleted`),
    undo: "Undo",
    failed: (count: number, why: string) =>
      count === 1
        ? `The photo is still there: it wasn't deleted. ${why}`
        : `${count} photos are still there: they weren't deleted. ${why}`,
  },

  picked: {
    begin: "Select",
    done: "Done",
    all: "Select all",
    count: (count: number) => (count === 0 ? "None selected" : `${count} selected`),
    delete: "Delete the selected photos",
  },

  photoTools: {
    tag: "Tag",
    noTag: "No tag",
    caption: "Caption",
    captionHint: "Add a caption",
    saving: "Saving",
    saved: "Saved",
    notSaved: (why: string) => `Not saved. ${why}`,
    hide: "Hide from the customer",
    show: "Show to the customer",
    isHidden: "The customer doesn't see this photo.",
    download: "Download the original",
    downloading: "Downloading",
  },

  jobUpload: {
    total: (sent: string, total: string) => `${sent} of ${total} sent`,
    progress: "All uploads",
    cancelAll: "Cancel all",
    elsewhere: (count: number) =>
      count === 1
        ? "1 photo of another job is being sent"
        : `${count} photos of another job are being sent`,
    failedElsewhere: (count: number) =>
      count === 1
        ? "1 photo of another job isn't sent. It is still on this device."
        : `${count} photos of another job aren't sent. They are still on this device.`,
  },

  upload: {
    choose: "Upload photos",
    drop: "or drop them anywhere here",
    dropNow: "Drop to upload",
    keeping: "Saving on this phone",
    waiting: "Waiting",
    preparing: "Getting ready",
    saving: "Saving",
    sent: (sent: string, total: string) => `${sent} of ${total}`,
    retrying: (seconds: number) => `Not sent yet. Trying again in ${seconds} s`,
    noSignal: "Waiting for signal. The photo is safe on this device.",
    stored: "Safe on the server",
    retry: "Try again",
    retryAll: "Try all again",
    cancel: "Cancel upload",
    dismiss: "Remove from this list",
    progress: (name: string) => `Upload of ${name}`,
    summarySending: (done: number, total: number) => `${done} of ${total} safe on the server`,
    summaryDone: (total: number) =>
      total === 1 ? "1 photo safe on the server" : `All ${total} photos safe on the server`,
    summaryFailed: (failed: number) =>
      failed === 1
        ? "1 photo isn't sent yet. It is still on this device."
        : `${failed} photos aren't sent yet. They are still on this device.`,
    failed: {
      network: "Not sent yet. The photo is still on this device.",
      server: "The server couldn't take it. The photo is still on this device.",
      full: "The server is out of room. The photo is still on this device.",
      tooBig: "This file is too big to send.",
      type: "This isn't a photo we can take.",
      empty: "This file is empty. Pick it again.",
      unreadable: "This device can't read the file any more. Pick it again.",
      refused: "The server refused this file.",
      forbidden: "Your link doesn't allow adding photos. The photo is still on this device.",
      signedOut: "Your link no longer works. The photo is still on this device.",
      jobGone: "We can't find this job any more. The photo is still on this device.",
      deleted: "The office deleted this photo after it arrived.",
    },
  },

  share: {
    title: "Share",
    customer: "Customer link",
    customerHelp: "Opens this job's photos for the customer.",
    crew: "Crew link",
    crewHelp: "Lets a crew add photos to this job.",
    make: "Make link",
    making: "Making link",
    copy: "Copy",
    copied: "Copied",
    copyFailed: "Select the link and copy it.",
    shownOnce: "It is shown only once.",
    worksFor: (name: string) => `How long it works: ${name}`,
    days: { 1: "1 day", 7: "1 week", 30: "30 days", 90: "90 days", 365: "1 year" },
    ready: { customer: "The customer link is ready", crew: "The crew link is ready" },
    qr: (name: string) => `QR code: ${name}`,
    scan: {
      customer: "The customer's phone camera opens it.",
      crew: "Point the crew's phone camera at it.",
    },
    message: {
      customer: (company: string, job: string) => `${company}: the photos of your job “${job}”:`,
      crew: (company: string, job: string) => `${company}: add photos to “${job}” here:`,
    },
    text: (name: string) => `Text ${name}`,
    email: (name: string) => `Email ${name}`,
    send: "Send",
    existing: "Links in use",
    until: (day: string) => `Works until ${day}`,
    lastUsed: (when: string) => `Last opened ${when}`,
    neverUsed: "Not opened yet",
    revoke: "Turn off",
    revokeQuestion: "Turn this link off? Whoever has it can't open it any more.",
    revokeConfirm: "Turn off",
  },

  history: {
    title: "History",
    added: "Job added",
    photos: (count: number) => (count === 1 ? "1 photo added" : `${count} photos added`),
    linkMade: { customer: "Customer link made", crew: "Crew link made" },
    linkOff: { customer: "Customer link turned off", crew: "Crew link turned off" },
    linkEnded: { customer: "Customer link ended", crew: "Crew link ended" },
  },

  track: {
    scheduled: (day: string, time: string) => `We're coming on ${day} at ${time}.`,
    scheduledToday: (time: string) => `We're coming today at ${time}.`,
    scheduledTomorrow: (time: string) => `We're coming tomorrow at ${time}.`,
    scheduledPast: (day: string) => `Your job was planned for ${day}. We'll be in touch.`,
    scheduledNoDay: "Your job is booked. We'll be in touch about the day.",
    in_progress: "The crew is on your job. New photos show here as they take them.",
    done: "Your job is done.",
    doneWithPhotos: "Your job is done. See how it turned out.",
    cancelled: "This job was cancelled.",
    empty: "Photos show here as soon as the crew takes them.",
    photos: "Photos of your job",
    otherPhotos: "More photos",
    compare: "Before and after",
    compareSlider: "How much of the before photo is shown",
    compareValue: (percent: number) => `${percent} percent before`,
    comparePick: "Places to compare",
    save: "Save photo",
    saving: "Saving photo",
    saveFailed: "The photo couldn't be saved. Check your connection and try again.",
    pickJob: "Your jobs",
    allJobs: "All your jobs",
    noJobs: "There is no job to show yet.",
    questions: (phone: string) => `Questions? Call ${phone}`,
  },

  lightbox: {
    photos: "Photos",
    counter: (index: number, total: number) => `${index} of ${total}`,
    next: "Next photo",
    previous: "Previous photo",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    preparing: "Getting ready. It shows here in a moment.",
    broken: "This photo didn't load. Check your connection.",
  },

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
        ? "1 photo isn't on this phone any more. It may be on the server. Tap to see which."
        : `${count} photos aren't on this phone any more. They may be on the server. Tap to see which.`,
    phoneLow: "This phone is running short of space. Send your photos soon, or free some space.",
    phoneFull: "This phone is full. Free some space so that it can keep photos again.",
    noJobYet: (count: number) =>
      count === 1
        ? "1 photo from your gallery is safe on this phone. Which job is it?"
        : `${count} photos from your gallery are safe on this phone. Which job are they?`,
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
        why: "This phone ran out of space and deleted them. Take them again if you can.",
        gone: "Not on this phone, not on the server",
        perhaps: "Not on this phone. We ask the server when there is signal.",
        noTag: "No tag",
        dismiss: "Clear this list",
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
export type Words = typeof en;
