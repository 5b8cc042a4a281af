# SPDX-License-Identifier: Apache-2.0
import grp
import os
import pwd
import stat
import tempfile

path = os.path.join(tempfile.mkdtemp(), "file")
os.umask(0o027)
os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o666))
assert stat.S_IMODE(os.stat(path).st_mode) == 0o640
os.chmod(path, 0o755)
assert os.access(path, os.X_OK)
os.chown(path, os.getuid(), os.getgid())
assert pwd.getpwuid(os.stat(path).st_uid).pw_name and grp.getgrgid(os.getgid()).gr_name
os.setxattr(path, "user.number", b"190")
print(os.getxattr(path, "user.number").decode())
