import { options } from 'preact';

/** However many diffs arrive, the page is drawn at most once a frame; unseen pages draw once a second. */
export function drawOnceAFrame(): void {
  options.debounceRendering = (draw) => {
    if (document.hidden) setTimeout(draw, 1000);
    else requestAnimationFrame(draw);
  };
}
