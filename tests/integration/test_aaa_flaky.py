import os
def test_flaky():
    p="/tmp/w/flaky-mark"
    if not os.path.exists(p):
        open(p,"w").close(); raise AssertionError("first time")
def test_bad():
    assert 0
