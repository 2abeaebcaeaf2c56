import type { CaptureTexts } from "./en";

/** Texts of the capture page alone, in Spanish. */
export const es: CaptureTexts = {
  capture: {
    title: "Fotos del trabajo",
    takePhoto: "Tomar foto",
    library: "Galería",
    tag: "Etiqueta para las próximas fotos",
    change: "Cambiar de trabajo",
    pickJob: "¿Qué trabajo es?",
    search: "Buscar trabajos",
    today: "Hoy",
    otherJobs: "Otros trabajos",
    noneFound: "Ningún trabajo coincide.",
    noJobs: "Aún no hay un trabajo para ti. Pide un enlace a la oficina.",
    allSafe: (count) =>
      count === 1 ? "1 foto a salvo en el servidor" : `Las ${count} a salvo en el servidor`,
    nothingYet: "Aún no hay fotos",
    keeping: (count) => `${count} guardándose en este teléfono`,
    onlyHere: (count) => `${count} solo en este teléfono, enviando`,
    onlyHereFailed: (count) => `${count} solo en este teléfono, sin enviar. Toca para ver por qué.`,
    onlyHereNoSignal: (count) => `${count} solo en este teléfono, esperando señal`,
    waitsForJob: (count) => `${count} solo en este teléfono, aún sin trabajo`,
    linkEnded:
      "Ese enlace ya no funciona. Aquí están tus otros trabajos. Pide un enlace nuevo a la oficina.",
    onlyInPage: (count) =>
      `${count} sin guardar: este teléfono no tiene espacio. No cierres esta página hasta que se envíen.`,
    lost: (count) =>
      count === 1
        ? "Se perdió 1 foto en este teléfono. Toca para ver cuál."
        : `Se perdieron ${count} fotos en este teléfono. Toca para ver cuáles.`,
    perhapsLost: (count) =>
      count === 1
        ? "1 foto no se encuentra en este teléfono. Puede estar en el servidor. Toca para ver cuál."
        : `${count} fotos no se encuentran en este teléfono. Pueden estar en el servidor. Toca para ver cuáles.`,
    phoneLow: "A este teléfono le queda poco espacio. Envía pronto tus fotos o libera espacio.",
    phoneFull: "Este teléfono está lleno. Libera espacio para que pueda guardar fotos de nuevo.",
    noJobYet: (count) =>
      count === 1
        ? "1 foto de tu galería está en este teléfono. ¿De qué trabajo es?"
        : `${count} fotos de tu galería están en este teléfono. ¿De qué trabajo son?`,
    addHere: (title) => `Añadir a ${title}`,
    otherJob: "Otro trabajo",
    sharedMissed: (count) =>
      count === 1
        ? "No se recibió 1 archivo compartido. Sigue en tu galería."
        : `No se recibieron ${count} archivos compartidos. Siguen en tu galería.`,
    shareLost: "Las fotos compartidas no llegaron. Siguen en tu galería. Añádelas con Galería.",
    listOld:
      "Ahora no podemos conectar con el servidor. Las fotos nuevas se guardan en este teléfono.",
    tile: {
      keeping: "Guardando",
      here: "En teléfono",
      sending: (percent) => `${percent} %`,
      saving: "Comprobando",
      safe: "A salvo",
      failed: "Sin enviar",
    },
    insecure:
      "Esta dirección no es segura. Las fotos se guardan aquí y se envían, pero la página no se abre sin señal y la ubicación está desactivada.",
    cannotKeep:
      "Esta ventana del navegador no puede guardar fotos. Quédate en esta página hasta que todas estén a salvo en el servidor.",
    install: "Añadir a la pantalla de inicio",
    installHelp: "Se abre sin señal, con tus trabajos y tus fotos.",
    phone: {
      title: "En este teléfono",
      open: "Este teléfono",
      nothing: "No hay nada pendiente. Todo lo que tomaste está a salvo en el servidor.",
      jobOf: (title) => `Para ${title}`,
      noJob: "Sin trabajo elegido",
      retry: "Reintentar",
      move: "Otro trabajo",
      save: "Guardar una copia",
      saveAll: "Guardar copias de todas",
      saved: "Guardada",
      remove: "Quitar",
      removeQuestion: "¿Quitar esta foto? No está en el servidor, así que se perderá para siempre.",
      removeConfirm: "Quitar para siempre",
      keep: "Conservar",
      place: "Añadir la ubicación a las fotos nuevas",
      placeHelp: "Solo la ve la oficina. Los clientes nunca.",
      placeRefused:
        "Este teléfono no lo permite. Activa la ubicación para esta página en los ajustes del teléfono.",
      lost: {
        title: (count) => (count === 1 ? "Falta 1 foto" : `Faltan ${count} fotos`),
        why: "El navegador ya no tiene estas fotos, lo más probable porque el teléfono se quedó sin espacio. Vuelve a hacerlas si puedes.",
        gone: "Ni en este teléfono ni en el servidor",
        perhaps: "No está en este teléfono. Preguntaremos al servidor cuando haya señal.",
        noTag: "Sin etiqueta",
        dismiss: "Vaciar esta lista",
        unknown: (count) =>
          count === 1
            ? "No sabemos si el servidor tiene la foto dudosa. Búscala en su trabajo antes de quitarla de la lista."
            : `No sabemos si el servidor tiene las ${count} fotos dudosas. Búscalas en sus trabajos antes de quitarlas de la lista.`,
        dismissUnknown: "Quitar las dudosas de la lista",
      },
      storageSafe:
        "Este teléfono guarda las fotos hasta que se envíen, mientras tenga espacio para ellas.",
      storageUnsure:
        "Si falta espacio, este teléfono puede borrar lo que guarda la página. Envía las fotos pronto.",
      shortcuts: "Atajos del teléfono",
      language: "Idioma",
    },
  },

  shortcuts: {
    title: "Atajos del teléfono",
    intro:
      "Envía fotos a este trabajo desde el menú de compartir o la pantalla de inicio, sin esta página.",
    keepSecret: "Contienen tu propio enlace. No los compartas.",
    androidInstall: (app) => `Instala la app «${app}» desde Play Store o F-Droid.`,
    androidFile: "Guarda el archivo de abajo.",
    androidImport:
      "En la app: menú, Importar / Exportar, Importar desde archivo. Elige el archivo.",
    androidPlace: "Añade los atajos a tu pantalla de inicio.",
    androidSave: "Guardar el archivo para Android",
    iphoneIntro:
      "En la app Atajos crea uno nuevo que reciba imágenes de la hoja de compartir, con dos acciones «Obtener contenido de URL».",
    first: "Primera acción",
    second: "Segunda acción",
    fields: {
      url: "URL",
      method: "Método",
      headers: "Cabeceras",
      body: "Cuerpo de la solicitud",
      file: "Archivo",
    },
    fromFirst: "la «url» de la primera respuesta",
    sharedImage: "Entrada del atajo",
    back: "Volver a las fotos",
    failed: "No se pudo crear el archivo. Comprueba tu conexión e inténtalo de nuevo.",
  },
};
