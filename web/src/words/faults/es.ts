import type { FaultWords } from "./en";

/** What is wrong with a photo, in Spanish. */
export const es: FaultWords = {
  damaged: {
    short: "Falta una parte",
    whole: "Falta una parte de esta foto: el archivo está dañado. Se conserva el original.",
  },

  missing: {
    short: "Falta el archivo",
    whole:
      "El servidor perdió el archivo de esta foto. Si la foto sigue en un teléfono o computadora, agrégala otra vez y avisa a quien cuida el servidor.",
  },

  rejection: {
    empty: {
      short: "Archivo vacío",
      whole:
        "Este archivo está vacío: no contiene ninguna foto. Si la foto sigue en el teléfono, envíala de nuevo.",
    },
    not_a_photo: {
      short: "No es una foto",
      whole: "Este archivo no es una foto. Se conserva el original.",
    },
    format_unsupported: {
      short: "Tipo no admitido",
      whole:
        "No podemos mostrar archivos de este tipo, como un video o una foto sin procesar de la cámara. Se conserva el original.",
    },
    too_many_bytes: {
      short: "Archivo muy grande",
      whole:
        "Este archivo es demasiado grande para abrirlo. Se conserva el original. Envía una copia más pequeña para verla aquí.",
    },
    too_many_pixels: {
      short: "Foto muy grande",
      whole:
        "Esta foto es más grande de lo que podemos mostrar. Se conserva el original. Envía una copia más pequeña para verla aquí.",
    },
    side_too_long: {
      short: "Foto muy larga",
      whole:
        "Esta foto es más larga de lo que podemos mostrar. Se conserva el original. Envía una copia más pequeña para verla aquí.",
    },
    too_much_memory: {
      short: "Foto muy grande",
      whole:
        "Esta foto es demasiado grande para que el servidor la abra. Se conserva el original. Envía una copia más pequeña para verla aquí.",
    },
    too_many_scans: {
      short: "Archivo inusual",
      whole:
        "Este archivo no está hecho como los de una cámara y por eso no lo abrimos. Se conserva el original. Guárdalo como una foto nueva y envíala para verla aquí.",
    },
    colour_profile_too_large: {
      short: "Archivo inusual",
      whole:
        "Este archivo trae más datos de color que los de cualquier cámara y por eso no lo abrimos. Se conserva el original. Guárdalo como una foto nueva y envíala para verla aquí.",
    },
    truncated: {
      short: "Incompleta",
      whole:
        "Falta demasiado de esta foto: el archivo está cortado. Se conserva lo que llegó. Si tienes una copia completa, envíala.",
    },
    corrupt: {
      short: "Archivo dañado",
      whole:
        "Este archivo está dañado y no se puede mostrar la foto. Se conserva el original. Si tienes otra copia, envíala.",
    },
    decoder_died: {
      short: "No se pudo abrir",
      whole:
        "Intentamos abrir este archivo varias veces y ninguna funcionó. Se conserva el original. Guárdalo como una foto nueva y envíala para verla aquí.",
    },
    took_too_long: {
      short: "Tardó demasiado",
      whole:
        "Abrir esta foto tardó demasiado, varias veces. Se conserva el original. Envía una copia más pequeña para verla aquí.",
    },
    other: {
      short: "No se puede mostrar",
      whole: "No podemos mostrar este archivo. Se conserva el original.",
    },
  },
};
