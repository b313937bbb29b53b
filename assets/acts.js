// Scripts of the page begin actions of the Text tab with quintetAct(name, data): at once, or, where its hands
// (chat.js) are not drawn yet, as soon as they are.
window.quintetWaiting = [];
window.quintetAct = (name, data = {}) => window.quintetWaiting.push([name, data]);
