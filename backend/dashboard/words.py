"""What the dashboard says of its figures."""

from backend.core.config import DASHBOARD
from backend.dashboard.lists import LastMarket

LAST_MARKETS = {
    LastMarket.RECENT: f"{DASHBOARD.recent_days} 天内",
    LastMarket.A_WHILE: f"{DASHBOARD.long_ago_days} 天内",
    LastMarket.LONG_AGO: f"超过 {DASHBOARD.long_ago_days} 天",
    LastMarket.NEVER: "还没有集市",
}
