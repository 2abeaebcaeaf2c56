import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/parts.css";
import "../styles/photos.css";
import "./dashboard.css";
import { startPage } from "../start/startPage";
import { Dashboard, DashboardSkeleton } from "./Dashboard";
import { followTheme } from "./theme";

followTheme();
startPage({ role: "staff", keepToken: false }, { View: Dashboard, Skeleton: DashboardSkeleton });
