import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/parts.css";
import "../styles/photos.css";
import "./capture.css";
import { PhotoQueue } from "../queue/photoQueue";
import { mountPage } from "../start/startPage";
import { CapturePage } from "./CapturePage";
import { startWorker } from "./startWorker";

// An iPhone opens an installed page in a store of its own, without the link that was opened before. Without a manifest it
// keeps the whole address, and with it the link.
if ("standalone" in navigator) document.querySelector("link[rel=manifest]")?.remove();

const queue = new PhotoQueue();
queue.start();
startWorker(queue);
mountPage(<CapturePage queue={queue} />);
