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
        ? "1 photo is on this phone. It is sent when you open a link that works."
        : `${count} photos are on this phone. They are sent when you open a link that works.`,
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
};

/** The shape every language fills. */
export type Words = typeof en;
