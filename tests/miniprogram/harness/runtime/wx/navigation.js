// @ts-check
// Pages, their bars, and scrolling.
import { definition } from "../definition.js";
import { askBeforeLeaving, navigateBack, navigateTo, redirectTo, refreshScreen, reLaunch, switchTab, topPage } from "../router.js";
import { setTabBadge, setTabBarShown } from "../screen.js";
import { later } from "./call.js";

/** @param {{ index: number }} options */
function tabIndex({ index }) {
  if (!definition.app.tabBar?.list[index]) throw `tabbar has no item ${index}`;
  return index;
}

export const navigation = {
  navigateTo: later("navigateTo", navigateTo),
  redirectTo: later("redirectTo", redirectTo),
  navigateBack: later("navigateBack", navigateBack),
  enableAlertBeforeUnload: later("enableAlertBeforeUnload", ({ message }) => askBeforeLeaving(message)),
  disableAlertBeforeUnload: later("disableAlertBeforeUnload", () => askBeforeLeaving("")),
  switchTab: later("switchTab", switchTab),
  reLaunch: later("reLaunch", reLaunch),
  setNavigationBarTitle: later("setNavigationBarTitle", ({ title }) => {
    topPage().window.navigationBarTitleText = title;
    refreshScreen();
  }),
  setNavigationBarColor: later("setNavigationBarColor", ({ frontColor, backgroundColor }) => {
    Object.assign(topPage().window, {
      navigationBarBackgroundColor: backgroundColor,
      navigationBarTextStyle: frontColor === "#ffffff" ? "white" : "black",
    });
    refreshScreen();
  }),
  setBackgroundColor: later("setBackgroundColor", () => ({})),
  setBackgroundTextStyle: later("setBackgroundTextStyle", () => ({})),
  showNavigationBarLoading: later("showNavigationBarLoading", () => ({})),
  hideNavigationBarLoading: later("hideNavigationBarLoading", () => ({})),
  setTabBarBadge: later("setTabBarBadge", (options) => setTabBadge(tabIndex(options), options.text)),
  removeTabBarBadge: later("removeTabBarBadge", (options) => setTabBadge(tabIndex(options), "")),
  showTabBarRedDot: later("showTabBarRedDot", (options) => setTabBadge(tabIndex(options), " ")),
  hideTabBarRedDot: later("hideTabBarRedDot", (options) => setTabBadge(tabIndex(options), "")),
  showTabBar: later("showTabBar", () => setTabBarShown(true)),
  hideTabBar: later("hideTabBar", () => setTabBarShown(false)),
  startPullDownRefresh: later("startPullDownRefresh", () => {
    topPage().call("onPullDownRefresh");
  }),
  stopPullDownRefresh: later("stopPullDownRefresh", () => ({})),
  pageScrollTo: later("pageScrollTo", ({ scrollTop = 0, selector, offsetTop = 0 }) => {
    const { caller, node } = topPage();
    if (!selector) {
      node.scrollTop = scrollTop;
      return;
    }
    const target = caller._$.getShadowRoot().querySelector(selector)?.$$;
    if (!target) throw `no node ${selector}`;
    node.scrollTop += target.getBoundingClientRect().top - node.getBoundingClientRect().top + offsetTop;
  }),
  showShareMenu: later("showShareMenu", () => ({})),
  hideShareMenu: later("hideShareMenu", () => ({})),
};
