import { startPage } from "../start/startPage";
import { Track, TrackSkeleton } from "./Track";

startPage({ role: "customer", keepToken: true }, { View: Track, Skeleton: TrackSkeleton });
