# SPDX-License-Identifier: Apache-2.0
# with: matplotlib pillow
import io

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plot  # noqa: E402
from PIL import Image  # noqa: E402

figure = plot.figure(figsize=(1.9, 1), dpi=100)
figure.gca().plot(range(20))
room = io.BytesIO()
figure.savefig(room, format="png")
print(Image.open(room).size[0])
