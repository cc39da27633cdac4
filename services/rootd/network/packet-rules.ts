/**
 * The rules that hold for all guests. They never change: DNS and single VMs are elements of the sets, each with
 * a comment that says whose it is. Until a VM has its elements, its tap is closed. Device names that begin with
 * "br-banger" and "bgtap-" are banger's, so the rules need no list of them that could be incomplete.
 *
 * The bridge family sees frames and knows the tap, so there a guest is held to its own addresses; the inet
 * family sees packets, whose source address can be trusted from there on.
 *
 * Order matters: a table is emptied of rules and filled again in one transaction, so that there is no moment
 * without rules, while the sets keep their elements.
 */
export const PACKET_RULES = `
add table bridge banger
flush table bridge banger
add table inet banger
flush table inet banger

table bridge banger {
  comment "made by banger-rootd: what a guest may send"

  set guests {
    comment "which addresses belong to the guest at which tap"
    type ifname . ether_addr . ipv4_addr
  }
  set peers {
    comment "taps whose guests may reach each other"
    type ifname
  }

  chain from_guest {
    type filter hook prerouting priority -300; policy accept;
    iifname != "bgtap-*" accept
    ether type arp iifname . arp saddr ether . arp saddr ip @guests iifname . ether saddr . arp saddr ip @guests accept
    ether type ip iifname . ether saddr . ip saddr @guests accept
    drop comment "other addresses, IPv6, VLANs and everything else"
  }
  chain between_guests {
    type filter hook forward priority filter; policy accept;
    iifname != "bgtap-*" oifname != "bgtap-*" accept
    iifname @peers oifname @peers accept
    drop comment "guests are alone unless both asked for peers"
  }
  chain to_guest {
    type filter hook output priority filter; policy accept;
    oifname "bgtap-*" ether type != { ip, arp } drop comment "IPv6 is closed"
  }
}

table inet banger {
  comment "made by banger-rootd: where a guest's packets may go"

  map dns {
    comment "port on which the host's forwarder gets what a bridge's guests send to port 53"
    type ifname . inet_service : inet_service
  }
  set dns_ports {
    comment "the same ports, for what arrives on them"
    type ifname . inet_service
  }
  set nat {
    comment "guests that may reach the outside"
    type ipv4_addr
  }
  set peers {
    comment "guests that may reach each other"
    type ipv4_addr
  }

  chain dns_redirect {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "br-banger*" fib daddr . iif type local meta l4proto { tcp, udp } redirect to :iifname . th dport map @dns
  }
  chain to_host {
    type filter hook input priority filter; policy accept;
    iifname != "br-banger*" accept
    ct state established,related accept
    fib daddr . iif type local meta l4proto { tcp, udp } iifname . th dport @dns_ports accept
    reject with icmpx admin-prohibited comment "the host's own services are closed"
  }
  chain through_host {
    type filter hook forward priority filter; policy accept;
    iifname "br-banger*" oifname "br-banger*" ip saddr @peers ip daddr @peers accept
    oifname "br-banger*" ct state established,related accept
    oifname "br-banger*" drop comment "nobody outside begins a conversation with a guest"
    iifname != "br-banger*" accept
    ip daddr 169.254.0.0/16 reject with icmpx admin-prohibited comment "a cloud's metadata service"
    ct status dnat reject with icmpx admin-prohibited comment "a port that somebody published on this host"
    ip saddr @nat accept
    reject with icmpx admin-prohibited comment "guests without nat"
  }
  chain translate {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr @nat oifname != "br-banger*" masquerade
  }
}
`;

/** Every set that PACKET_RULES makes; when one is missing, somebody flushed the packet filter. */
export const PACKET_SETS = [
  'bridge guests',
  'bridge peers',
  'inet dns_ports',
  'inet nat',
  'inet peers',
] as const;

/** "add" first, because deleting what is not there would fail the transaction. */
export const REMOVE_PACKET_RULES = `
add table bridge banger
delete table bridge banger
add table inet banger
delete table inet banger
`;
