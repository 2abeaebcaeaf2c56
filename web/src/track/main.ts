import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/parts.css";
import "../styles/photos.css";
import "../styles/lightbox.css";
import "./compare.css";
import "./track.css";
import { askForCustomer } from "../start/ahead";

// This small script is here long before the page, which the HTML names for loading at the same time.
void askForCustomer();
void import("./page");
