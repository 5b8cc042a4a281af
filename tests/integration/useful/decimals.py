# SPDX-License-Identifier: Apache-2.0
from decimal import Decimal, getcontext
from fractions import Fraction
from statistics import mean

getcontext().prec = 50
assert Decimal(2).sqrt() ** 2 - 2 < Decimal("1e-48")
print(int(mean([Fraction(19, 1) * 10, Fraction(190)]) * Decimal(1).__int__()))
