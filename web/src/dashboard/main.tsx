import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/parts.css";
import "../styles/photos.css";
import "./css/frame.css";
import "./css/list.css";
import "./css/drawer.css";
import "./css/tools.css";
import { startPage } from "../start/startPage";
import { Dashboard, DashboardSkeleton } from "./Dashboard";
import { followSignOut } from "./SignOut";
import { followTheme } from "./theme";

followTheme();
followSignOut();
startPage({ role: "staff", keepToken: false }, { View: Dashboard, Skeleton: DashboardSkeleton });
