import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/parts.css";
import "../styles/photos.css";
import "../styles/lightbox.css";
import "./compare.css";
import "./track.css";
import type { Photo } from "../api/types";
import { askForCustomer, type PhotosAhead } from "../start/ahead";
import { firstPictures } from "./gallery";

// This small script is here long before the page, which the HTML names for loading at the same time.
void askForCustomer().then(loadFirst);
void import("./page");

/** Has the first screen's pictures on their way while the page that shows them still starts. */
function loadFirst(list: PhotosAhead): void {
  for (const url of firstPictures(list as unknown as readonly Photo[])) {
    const picture = new Image();
    picture.fetchPriority = "high";
    picture.src = url;
  }
}
