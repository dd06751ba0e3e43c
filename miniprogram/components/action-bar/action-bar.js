// @ts-check
// Holds a page's main buttons at the bottom, under the thumb. Put it last in `.page`.
// <action-bar><button class="btn" bindtap="…">报名</button></action-bar>
Component({});
