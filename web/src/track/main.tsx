import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/parts.css";
import "../styles/photos.css";
import "./track.css";
import { startPage } from "../start/startPage";
import { Track, TrackSkeleton } from "./Track";

startPage({ role: "customer", keepToken: true }, { View: Track, Skeleton: TrackSkeleton });
