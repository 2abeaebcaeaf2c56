import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/parts.css";
import "../styles/photos.css";
import "./capture.css";
import { startPage } from "../start/startPage";
import { Capture, CaptureSkeleton } from "./Capture";

startPage({ role: "crew", keepToken: true }, { View: Capture, Skeleton: CaptureSkeleton });
