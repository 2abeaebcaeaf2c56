import type { Words } from "./en";

/** One o'clock is singular. */
const atTime = (time: string) => (/^0?1\D/.test(time) ? `a la ${time}` : `a las ${time}`);

/** Every text of the pages in Spanish. */
export const es: Words = {
  otherLanguage: "English",

  status: {
    scheduled: "Programado",
    in_progress: "En curso",
    done: "Terminado",
    cancelled: "Cancelado",
  },
  phase: { before: "Antes", during: "Durante", after: "Después", issue: "Problema" },

  common: {
    close: "Cerrar",
    cancel: "Cancelar",
    tryAgain: "Reintentar",
    loading: "Cargando",
    light: "Tema claro",
    dark: "Tema oscuro",
    optional: "opcional",
  },

  errors: {
    offline: "No podemos conectar con el servidor. Revisa tu conexión y reinténtalo.",
    server: "El servidor tuvo un problema. No se perdió nada. Reinténtalo en un momento.",
    busy: "El servidor está ocupado. Espera un momento y reinténtalo.",
    signedOut: "Tu enlace ya no funciona. Pide uno nuevo.",
    forbidden: "Tu enlace no permite hacer esto.",
    notFound: "No lo encontramos. Puede que se haya eliminado.",
    invalid: "El servidor no lo aceptó.",
    unexpected: "Algo salió mal. Reinténtalo.",
    reference: (id) => `Referencia: ${id}`,
    stale: "Ahora no podemos conectar con el servidor. Lo que ves puede no estar al día.",
  },

  gate: {
    expiredTitle: "Este enlace ya no funciona",
    expiredStaff: "Caducó o se desactivó. Pide uno nuevo o créalo con el comando qdn link.",
    expired: "Caducó o se desactivó. Tus fotos están a salvo. Pide un enlace nuevo a la oficina.",
    signedOutTitle: "Abre tu enlace para entrar",
    signedOutStaff: "Tu sesión terminó en este dispositivo. Abre de nuevo tu enlace de oficina.",
    signedOut: "Abre el enlace que recibiste. Te trae de vuelta aquí.",
    expiredCrew: "Terminó o se desactivó. Pide un enlace nuevo a la oficina.",
    photosHere: (count) =>
      count === 1
        ? "1 foto está en este teléfono. Se enviará cuando abras un enlace que funcione."
        : `${count} fotos están en este teléfono. Se enviarán cuando abras un enlace que funcione.`,
    offlineTitle: "Sin conexión",
    problemTitle: "Ahora no se puede abrir esta página",
    call: (phone) => `Llamar al ${phone}`,
  },

  jobs: {
    title: "Trabajos",
    search: "Buscar trabajos",
    searchHint: "Título, cliente o dirección",
    all: "Todos",
    filter: "Estado",
    add: "Nuevo trabajo",
    empty: "Aún no hay trabajos. Añade el primero y envía su enlace al equipo.",
    noneFound: (query) => `Nada coincide con «${query}».`,
    noneWithStatus: "Ningún trabajo tiene este estado.",
    clearSearch: "Borrar búsqueda",
    unscheduled: "Sin fecha",
    photos: (count) => (count === 0 ? "Sin fotos" : count === 1 ? "1 foto" : `${count} fotos`),
    signOut: "Salir",
    pickOne: "Elige un trabajo para ver sus fotos.",
  },

  newJob: {
    title: "Nuevo trabajo",
    jobTitle: "¿Cuál es el trabajo?",
    jobTitleHint: "Vaciar el garaje",
    customerName: "Nombre del cliente",
    phone: "Teléfono",
    email: "Correo",
    address: "Dirección",
    when: "Día y hora",
    save: "Añadir trabajo",
    saving: "Añadiendo",
    required: "Rellena este campo.",
  },

  editJob: { title: "Editar trabajo", save: "Guardar cambios", saving: "Guardando" },

  signOut: {
    question: (count) =>
      count === 1
        ? "Aún se está enviando 1 foto. Si sales ahora, se queda solo en este dispositivo."
        : `Aún se están enviando ${count} fotos. Si sales ahora, se quedan solo en este dispositivo.`,
    failed: "Tu sesión sigue abierta en este dispositivo.",
    stay: "Quedarme",
  },

  keys: {
    title: "Teclas",
    hint: ["Pulsa", "para ver las teclas."],
    search: "Buscar",
    next: "Trabajo siguiente",
    previous: "Trabajo anterior",
    open: "Abrir el trabajo",
    close: "Cerrar",
    add: "Nuevo trabajo",
    undo: "Recuperar una foto eliminada",
    help: "Mostrar las teclas",
    select: "Seleccionar una foto",
    photoTitle: "Con una foto",
    photos: "Foto anterior y siguiente",
    tag: "Antes, durante, después, problema",
    noTag: "Sin etiqueta",
    hide: "Ocultar al cliente o mostrar",
    delete: "Eliminar la foto",
  },

  job: {
    byTag: "Mostrar fotos por etiqueta",
    allTags: "Todas",
    titleUnknown: "Trabajo",
    missingTitle: "No existe ese trabajo",
    missing: "No encontramos este trabajo. Puede que se haya eliminado.",
    photos: "Fotos",
    noPhotos: "Aún no hay fotos. La primera que subas aparecerá aquí.",
    noPhotosCrew: "Las fotos que tomes aparecerán aquí.",
    tooMany: "Ver más fotos",
    photoNumber: (index, total) => `Foto ${index} de ${total}`,
    takenAt: (when) => `Tomada: ${when}`,
    uploadedAt: (when) => `Subida: ${when}`,
    deletePhoto: "Eliminar foto",
    downloadAll: "Descargar todas",
    hidden: "Oculta para el cliente",
    keep: "Conservar",
    map: "Abrir en el mapa",
    call: "Llamar",
    noPreview: "Sin vista previa",
    preparing: "Preparándose",
  },

  undo: {
    title: "Fotos eliminadas",
    deleted: (count) => (count === 1 ? "Foto eliminada" : `${count} fotos eliminadas`),
    undo: "Deshacer",
    failed: (count, why) =>
      count === 1
        ? `La foto sigue ahí: no se eliminó. ${why}`
        : `${count} fotos siguen ahí: no se eliminaron. ${why}`,
  },

  picked: {
    begin: "Seleccionar",
    done: "Listo",
    all: "Todas",
    count: (count) => (count === 0 ? "Ninguna" : count === 1 ? "1 elegida" : `${count} elegidas`),
    delete: "Eliminar las fotos elegidas",
  },

  photoTools: {
    tag: "Etiqueta",
    noTag: "Sin etiqueta",
    caption: "Descripción",
    captionHint: "Añade una descripción",
    saving: "Guardando",
    saved: "Guardado",
    notSaved: (why) => `Sin guardar. ${why}`,
    hide: "Ocultar al cliente",
    show: "Mostrar al cliente",
    isHidden: "El cliente no ve esta foto.",
    download: "Descargar el original",
    downloading: "Descargando",
  },

  jobUpload: {
    total: (sent, total) => `${sent} de ${total} enviados`,
    progress: "Todas las subidas",
    cancelAll: "Cancelar todas",
    elsewhere: (count) =>
      count === 1
        ? "Se está enviando 1 foto de otro trabajo"
        : `Se están enviando ${count} fotos de otro trabajo`,
    failedElsewhere: (count) =>
      count === 1
        ? "1 foto de otro trabajo no se envió. Sigue en este dispositivo."
        : `${count} fotos de otro trabajo no se enviaron. Siguen en este dispositivo.`,
  },

  upload: {
    choose: "Subir fotos",
    drop: "o suéltalas en cualquier parte",
    dropNow: "Suelta para subir",
    keeping: "Guardando en este teléfono",
    waiting: "En espera",
    preparing: "Preparando",
    saving: "Guardando",
    sent: (sent, total) => `${sent} de ${total}`,
    retrying: (seconds) => `Sin enviar todavía. Se reintenta en ${seconds} s`,
    noSignal: "Esperando señal. La foto está a salvo en este dispositivo.",
    stored: "A salvo en el servidor",
    retry: "Reintentar",
    retryAll: "Reintentar todas",
    cancel: "Cancelar subida",
    dismiss: "Quitar de esta lista",
    progress: (name) => `Subida de ${name}`,
    summarySending: (done, total) => `${done} de ${total} a salvo en el servidor`,
    summaryDone: (total) =>
      total === 1
        ? "1 foto a salvo en el servidor"
        : `Las ${total} fotos están a salvo en el servidor`,
    summaryFailed: (failed) =>
      failed === 1
        ? "1 foto sin enviar. Sigue en este dispositivo."
        : `${failed} fotos sin enviar. Siguen en este dispositivo.`,
    failed: {
      network: "Sin enviar todavía. La foto sigue en este dispositivo.",
      server: "El servidor no pudo recibirla. La foto sigue en este dispositivo.",
      full: "El servidor no tiene espacio. La foto sigue en este dispositivo.",
      tooBig: "Este archivo es demasiado grande.",
      type: "Esta no es una foto que podamos recibir.",
      empty: "Este archivo está vacío. Elígelo de nuevo.",
      unreadable: "Este dispositivo ya no puede leer el archivo. Elígelo de nuevo.",
      refused: "El servidor rechazó este archivo.",
      forbidden: "Tu enlace no permite añadir fotos. La foto sigue en este dispositivo.",
      signedOut: "Tu enlace ya no funciona. La foto sigue en este dispositivo.",
      jobGone: "Ya no encontramos este trabajo. La foto sigue en este dispositivo.",
      deleted: "La oficina eliminó esta foto después de recibirla.",
    },
  },

  share: {
    title: "Compartir",
    customer: "Enlace del cliente",
    customerHelp: "Muestra al cliente las fotos de este trabajo.",
    crew: "Enlace del equipo",
    crewHelp: "Permite al equipo añadir fotos a este trabajo.",
    make: "Crear enlace",
    making: "Creando enlace",
    copy: "Copiar",
    copied: "Copiado",
    copyFailed: "Selecciona el enlace y cópialo.",
    shownOnce: "Solo se muestra una vez.",
    worksFor: (name) => `Cuánto tiempo funciona: ${name}`,
    days: { 1: "1 día", 7: "1 semana", 30: "30 días", 90: "90 días", 365: "1 año" },
    ready: {
      customer: "El enlace del cliente está listo",
      crew: "El enlace del equipo está listo",
    },
    qr: (name) => `Código QR: ${name}`,
    scan: {
      customer: "Se abre con la cámara del teléfono del cliente.",
      crew: "Apunta con la cámara del teléfono del equipo.",
    },
    message: {
      customer: (company, job) => `${company}: las fotos de tu trabajo «${job}»:`,
      crew: (company, job) => `${company}: añade aquí fotos de «${job}»:`,
    },
    text: (name) => `Mensaje a ${name}`,
    email: (name) => `Correo a ${name}`,
    send: "Enviar",
    existing: "Enlaces en uso",
    until: (day) => `Funciona hasta el ${day}`,
    lastUsed: (when) => `Última vez abierto: ${when}`,
    neverUsed: "Sin abrir todavía",
    revoke: "Desactivar",
    revokeQuestion: "¿Desactivar este enlace? Quien lo tenga ya no podrá abrirlo.",
    revokeConfirm: "Desactivar",
  },

  history: {
    title: "Historial",
    added: "Trabajo añadido",
    photos: (count) => (count === 1 ? "1 foto añadida" : `${count} fotos añadidas`),
    linkMade: { customer: "Enlace del cliente creado", crew: "Enlace del equipo creado" },
    linkOff: { customer: "Enlace del cliente desactivado", crew: "Enlace del equipo desactivado" },
    linkEnded: { customer: "Enlace del cliente caducado", crew: "Enlace del equipo caducado" },
  },

  track: {
    scheduled: (day, time) => `Vamos el ${day} ${atTime(time)}.`,
    scheduledToday: (time) => `Vamos hoy ${atTime(time)}.`,
    scheduledTomorrow: (time) => `Vamos mañana ${atTime(time)}.`,
    scheduledPast: (day) => `Tu trabajo estaba previsto para el ${day}. Te llamaremos.`,
    scheduledNoDay: "Tu trabajo está reservado. Te avisaremos del día.",
    in_progress: "El equipo está en tu trabajo. Las fotos nuevas aparecen aquí.",
    done: "Tu trabajo está terminado.",
    doneWithPhotos: "Tu trabajo está terminado. Mira cómo quedó.",
    cancelled: "Este trabajo se canceló.",
    empty: "Las fotos aparecerán aquí en cuanto el equipo las tome.",
    photos: "Fotos de tu trabajo",
    otherPhotos: "Más fotos",
    compare: "Antes y después",
    compareSlider: "Cuánto se ve de la foto de antes",
    compareValue: (percent) => `${percent} por ciento de antes`,
    comparePick: "Lugares para comparar",
    save: "Guardar foto",
    saving: "Guardando foto",
    saveFailed: "No se pudo guardar la foto. Revisa tu conexión y reinténtalo.",
    pickJob: "Tus trabajos",
    allJobs: "Todos tus trabajos",
    noJobs: "Todavía no hay ningún trabajo que mostrar.",
    questions: (phone) => `¿Preguntas? Llama al ${phone}`,
  },

  lightbox: {
    photos: "Fotos",
    counter: (index, total) => `${index} de ${total}`,
    next: "Foto siguiente",
    previous: "Foto anterior",
    zoomIn: "Acercar",
    zoomOut: "Alejar",
    preparing: "Preparándose. Aparecerá aquí en un momento.",
    broken: "Esta foto no se cargó. Revisa tu conexión.",
  },
};
