"""What is asked of a page in a browser, as JavaScript expressions."""

from __future__ import annotations

UNFOLD = "document.querySelectorAll('details').forEach(one => one.open = true)"
WIDTHS = "[document.documentElement.scrollWidth, window.innerWidth]"
TOO_WIDE = """
[...document.body.querySelectorAll('*')]
  .filter(one => !one.closest('svg') && !one.classList.contains('skip'))
  .filter(one => one.getBoundingClientRect().right > window.innerWidth + 0.5)
  .map(one => one.tagName + ' ' + one.textContent.slice(0, 60))
"""
_CONTRAST = """
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = text => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = element => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) layers.push(rgba(getComputedStyle(one).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), rgba(getComputedStyle(document.body).backgroundColor));
  };
"""
FAINT = f"""
(() => {{
  {_CONTRAST}
  const found = {{measured: 0, least: 99, faint: []}};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {{
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const ground = behind(element);
    const ink = over(rgba(element.closest('svg') ? style.fill : style.color), ground);
    const [high, low] = [light(ink), light(ground)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    found.measured += 1;
    found.least = Math.min(found.least, ratio);
    if (ratio < 4.5) found.faint.push(ratio.toFixed(2) + ' ' + node.textContent.trim().slice(0, 60));
  }}
  return found;
}})()
"""
"""WCAG 2.2's contrast ratio (w3.org/TR/WCAG22, relative luminance) of every text that is shown, against what is behind it."""
FAINT_DRAWN = f"""
(() => {{
  {_CONTRAST}
  const ratio = (ink, ground) => {{
    const [high, low] = [light(over(ink, ground)), light(ground)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  }};
  return [...document.querySelectorAll('.bar, .worst, .worst-end, .mark, .no-return, .down-edge, .hatch')].map(one => {{
    const style = getComputedStyle(one);
    const drawn = style.fill.startsWith('rgb') && one.tagName !== 'line' ? style.fill : style.stroke;
    return [one.getAttribute('class'), ratio(rgba(drawn), behind(one.closest('.card') || document.body))];
  }}).filter(([, found]) => found < 3);
}})()
"""
"""What is drawn with less than the contrast that WCAG 2.2 asks of pictures (1.4.11)."""
FOCUSABLE = """
[...document.querySelectorAll('a[href], summary, button, input, select, textarea, [tabindex="0"]')]
  .filter(one => one.checkVisibility())
  .map(one => one.tagName + ' ' + one.textContent.trim())
"""
FOCUSED = """
(() => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  return {
    name: one.tagName + ' ' + one.textContent.trim(),
    ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 0 && box.bottom > 0 && box.top < window.innerHeight,
  };
})()
"""
SCRIPTS = "document.scripts.length + document.querySelectorAll('iframe, img, object, embed').length"
UNSEEN_IN_PRINT = """
[...document.querySelectorAll('details')]
  .filter(one => [...one.children].some(child => !child.checkVisibility()))
  .map(one => one.textContent.slice(0, 60))
"""
