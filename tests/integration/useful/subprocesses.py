# SPDX-License-Identifier: Apache-2.0
import subprocess

print(
    subprocess.run(
        ["/bin/sh", "-c", "echo $((380 / 2)) | cat"], capture_output=True, text=True, check=True
    ).stdout,
    end="",
)
