namespace Tlmsp.Middlebox.Browser.Tests;

/// <summary>Finds text that is too faint to be read.</summary>
internal static class Contrast
{
    /// <summary>Lists the elements with text of less than 4.5 : 1 against what is behind it (WCAG 2.2, 1.4.3).</summary>
    public const string Script = """
        (() => {
          const parse = text => text.match(/[\d.]+/g).map(Number);
          const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
          const behind = node => {
            for (let at = node; at; at = at.parentElement) {
              const color = parse(getComputedStyle(at).backgroundColor);
              if (color.length === 3 || color[3] === 1) return color;
            }
            return [255, 255, 255];
          };
          return [...document.querySelectorAll('body *')]
            .filter(node => [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim()))
            .filter(node => node.checkVisibility() && !node.closest('svg, noscript'))
            .filter(node => {
              const [a, b] = [light(parse(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
              return (a + .05) / (b + .05) < 4.5;
            })
            .map(node => `${node.tagName}.${node.className} ${node.textContent.trim().slice(0, 40)}`);
        })()
        """;
}
