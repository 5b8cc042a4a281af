/* SPDX-License-Identifier: Apache-2.0 */
/* icons.h - small pictures for people who look at what a server offers: JSON arrays, as the
 * protocol has them. SVG of one colour that is seen on white and on black, 24 by 24, within data:
 * addresses, so that nobody has to fetch anything. Each is drawn as its comment says.
 */
#pragma once

#define ICON_BEGIN "[{\"src\":\"data:image/svg+xml;base64,"
#define ICON_END   "\",\"mimeType\":\"image/svg+xml\",\"sizes\":[\"any\"]}]"

/* clang-format off */
/* a cord around a box: <path d="M12 2l9 5v10l-9 5-9-5V7z"/><path d="M3 7l9 5 9-5M12 12v10"/> */
#define ICON_BOX ICON_BEGIN \
    "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCIgZmls" \
    "bD0ibm9uZSIgc3Ryb2tlPSIjM2Y3ZmUwIiBzdHJva2Utd2lkdGg9IjIiIHN0cm9rZS1saW5lY2FwPSJyb3Vu" \
    "ZCIgc3Ryb2tlLWxpbmVqb2luPSJyb3VuZCI+PHBhdGggZD0iTTEyIDJsOSA1djEwbC05IDUtOS01Vjd6Ii8+" \
    "PHBhdGggZD0iTTMgN2w5IDUgOS01TTEyIDEydjEwIi8+PC9zdmc+" \
    ICON_END

/* the sign for "play": <path d="M6 4l14 8-14 8z"/> */
#define ICON_RUN ICON_BEGIN \
    "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCIgZmls" \
    "bD0ibm9uZSIgc3Ryb2tlPSIjM2Y3ZmUwIiBzdHJva2Utd2lkdGg9IjIiIHN0cm9rZS1saW5lY2FwPSJyb3Vu" \
    "ZCIgc3Ryb2tlLWxpbmVqb2luPSJyb3VuZCI+PHBhdGggZD0iTTYgNGwxNCA4LTE0IDh6Ii8+PC9zdmc+" \
    ICON_END

/* a curve on its axes: <path d="M4 4v16h16M7 15l4-5 3 3 6-7"/> */
#define ICON_MEASURE ICON_BEGIN \
    "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCIgZmls" \
    "bD0ibm9uZSIgc3Ryb2tlPSIjM2Y3ZmUwIiBzdHJva2Utd2lkdGg9IjIiIHN0cm9rZS1saW5lY2FwPSJyb3Vu" \
    "ZCIgc3Ryb2tlLWxpbmVqb2luPSJyb3VuZCI+PHBhdGggZD0iTTQgNHYxNmgxNk03IDE1bDQtNSAzIDMgNi03" \
    "Ii8+PC9zdmc+" \
    ICON_END

/* a page with lines: <path d="M6 2h8l5 5v15H6zM14 2v5h5M9 13h7M9 17h5"/> */
#define ICON_SCRIPT ICON_BEGIN \
    "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCIgZmls" \
    "bD0ibm9uZSIgc3Ryb2tlPSIjM2Y3ZmUwIiBzdHJva2Utd2lkdGg9IjIiIHN0cm9rZS1saW5lY2FwPSJyb3Vu" \
    "ZCIgc3Ryb2tlLWxpbmVqb2luPSJyb3VuZCI+PHBhdGggZD0iTTYgMmg4bDUgNXYxNUg2ek0xNCAydjVoNU05" \
    "IDEzaDdNOSAxN2g1Ii8+PC9zdmc+" \
    ICON_END

/* a clock: <circle cx="12" cy="12" r="9"/><path d="M12 7v5l4 2"/> */
#define ICON_JOB ICON_BEGIN \
    "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCIgZmls" \
    "bD0ibm9uZSIgc3Ryb2tlPSIjM2Y3ZmUwIiBzdHJva2Utd2lkdGg9IjIiIHN0cm9rZS1saW5lY2FwPSJyb3Vu" \
    "ZCIgc3Ryb2tlLWxpbmVqb2luPSJyb3VuZCI+PGNpcmNsZSBjeD0iMTIiIGN5PSIxMiIgcj0iOSIvPjxwYXRo" \
    "IGQ9Ik0xMiA3djVsNCAyIi8+PC9zdmc+" \
    ICON_END

/* clang-format on */
