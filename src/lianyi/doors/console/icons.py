"""Our icons: 24 × 24, strokes only, drawn in the text's colour. Written into the page, so nothing is fetched for them."""

# ruff: noqa: E501  a drawing reads no better for being broken

from __future__ import annotations

from collections.abc import Mapping

ICONS: Mapping[str, str] = {
    "overview": '<path d="M4 19V9m5.3 10V5m5.4 14v-7M20 19V8"/>',
    "people": '<circle cx="9" cy="8" r="3.5"/><path d="M2.5 19.5c.6-3.4 3.2-5.5 6.5-5.5s5.9 2.1 6.5 5.5"/><path d="M16 4.8a3.5 3.5 0 0 1 0 6.4M18.3 14.6c1.8.8 2.9 2.5 3.2 4.9"/>',
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4.5 20c.8-4 3.8-6 7.5-6s6.7 2 7.5 6"/>',
    "tag": '<path d="M3.5 12.3V4.5a1 1 0 0 1 1-1h7.8l8.2 8.2a1.5 1.5 0 0 1 0 2.1l-6.7 6.7a1.5 1.5 0 0 1-2.1 0z"/><circle cx="8" cy="8" r="1.2"/>',
    "ripples": '<circle cx="12" cy="12" r="2"/><circle cx="12" cy="12" r="5.5"/><circle cx="12" cy="12" r="9.5"/>',
    "data": '<ellipse cx="12" cy="5.5" rx="7.5" ry="2.8"/><path d="M4.5 5.5v13c0 1.5 3.4 2.8 7.5 2.8s7.5-1.3 7.5-2.8v-13M4.5 12c0 1.5 3.4 2.8 7.5 2.8s7.5-1.3 7.5-2.8"/>',
    "settings": '<path d="M4 7h9m5 0h2M4 17h2m5 0h9"/><circle cx="15.5" cy="7" r="2.5"/><circle cx="8.5" cy="17" r="2.5"/>',
    "import": '<path d="M12 15.5V3.5m-4.5 4.5L12 3.5 16.5 8M4 15v4.5a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1V15"/>',
    "export": '<path d="M12 3.5v12M7.5 11l4.5 4.5L16.5 11M4 15v4.5a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1V15"/>',
    "refresh": '<path d="M20 5v5h-5M4 19v-5h5"/><path d="M5.2 9.5A7.5 7.5 0 0 1 18.5 7L20 10M4 14l1.5 3a7.5 7.5 0 0 0 13.3-2.5"/>',
    "search": '<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "down": '<path d="m6 9.5 6 6 6-6"/>',
    "up": '<path d="m6 14.5 6-6 6 6"/>',
    "left": '<path d="m14.5 6-6 6 6 6"/>',
    "right": '<path d="m9.5 6 6 6-6 6"/>',
    "columns": '<path d="M4 4.5h16v15H4zM9.5 4.5v15M14.5 4.5v15"/>',
    "filter": '<path d="M4 6h16M7 12h10M10 18h4"/>',
    "info": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5.5M12 7.5v.5"/>',
    "warning": '<path d="M12 4 2.8 20h18.4zM12 10v4.5M12 17v.5"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.2l3.3 2"/>',
    "key": '<circle cx="8" cy="15.5" r="4.5"/><path d="m11.3 12.3 8.2-8.3m-3 3 2.5 2.5M14 9.5l2 2"/>',
    "merge": '<path d="M5 4v3.5c0 3 2 4.5 4.5 5L12 13v7M19 4v3.5c0 3-2 4.5-4.5 5L12 13"/>',
    "split": '<path d="M12 4v7l-2.5.5C7 12 5 13.5 5 16.5V20M12 11l2.5.5c2.5.5 4.5 2 4.5 5V20"/>',
    "trash": '<path d="M4 6.5h16M9.5 6.5V4h5v2.5M6 6.5l1 13.5h10l1-13.5M10 10.5v6M14 10.5v6"/>',
    "file": '<path d="M6 3.5h8l5 5v12H6zM14 3.5v5h5"/>',
    "table": '<path d="M3.5 5h17v14.5h-17zM3.5 10h17M3.5 14.7h17M9.5 10v9.5"/>',
    "copy": '<path d="M8.5 8.5h11v11h-11z"/><path d="M15.5 8.5v-4h-11v11h4"/>',
    "sun": '<circle cx="12" cy="12" r="4"/><path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M18.4 5.6 17 7M7 17l-1.4 1.4"/>',
    "moon": '<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z"/>',
    "out": '<path d="M10 4H5v16h5M14.5 8l4 4-4 4M18.5 12H9.5"/>',
    "message": '<path d="M4 5h16v11.5H11L6.5 20v-3.5H4z"/>',
    "order": '<path d="M5.5 8h13l1 12.5h-15zM9 10.5V7a3 3 0 0 1 6 0v3.5"/>',
    "eye": '<path d="M2.5 12C4.5 8 8 6 12 6s7.5 2 9.5 6c-2 4-5.5 6-9.5 6s-7.5-2-9.5-6z"/><circle cx="12" cy="12" r="2.5"/>',
    "share": '<circle cx="6" cy="12" r="2.5"/><circle cx="17.5" cy="6" r="2.5"/><circle cx="17.5" cy="18" r="2.5"/><path d="m8.3 10.9 7-3.7M8.3 13.1l7 3.7"/>',
    "note": '<path d="M5 4h14v10l-5.5 6H5zM13.5 20v-6H19M8.5 8.5h7M8.5 12h4"/>',
    "dot": '<circle cx="12" cy="12" r="3"/>',
    "heart": '<path d="M12 20C5 15 3 11.5 3.5 8.5c.7-4 6-5 8.5-1 2.5-4 7.8-3 8.5 1 .5 3-1.5 6.5-8.5 11.5z"/>',
    "more": '<circle cx="5.5" cy="12" r="1.4" fill="currentColor"/><circle cx="12" cy="12" r="1.4" fill="currentColor"/><circle cx="18.5" cy="12" r="1.4" fill="currentColor"/>',
    "shield": '<path d="M12 3.5 19.5 6v6c0 4.5-3 7.5-7.5 9-4.5-1.5-7.5-4.5-7.5-9V6z"/>',
    "spark": '<path d="M12 3.5 13.8 10l6.7 2-6.7 2L12 20.5 10.2 14l-6.7-2 6.7-2z"/>',
    "language": '<path d="M3.5 6h9M8 3.5V6c0 4-2 7-4.5 8.5M5.5 9c1 2.5 3 4.5 5.5 5.5M12.5 20.5l4-10 4 10M14 17h5"/>',
}
