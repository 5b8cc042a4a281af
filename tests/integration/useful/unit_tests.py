# SPDX-License-Identifier: Apache-2.0
import io
import sys
import unittest


class Test(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(sum(range(20)), 190)

    def test_subtests(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertGreaterEqual(number, 0)


suite = unittest.defaultTestLoader.loadTestsFromTestCase(Test)
result = unittest.TextTestRunner(stream=io.StringIO()).run(suite)
print(190 if result.wasSuccessful() and result.testsRun == 2 else sys.exit("it failed"))
