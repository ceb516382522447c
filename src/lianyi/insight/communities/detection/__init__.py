"""Communities of a network from its ties alone: pure arrays, compiled kernels, no tables."""

from lianyi.insight.communities.detection.finding import Found, find
from lianyi.insight.communities.detection.network import Network, network_of
from lianyi.insight.communities.detection.overlap import Memberships

__all__ = ["Found", "Memberships", "Network", "find", "network_of"]
