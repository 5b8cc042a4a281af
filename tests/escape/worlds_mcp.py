# SPDX-License-Identifier: Apache-2.0
POLICIES = ["default", "strict"]
def not_for_clients(attack): return ""
class Mcp: pass
