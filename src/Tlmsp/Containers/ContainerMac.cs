namespace Tlmsp;

/// <summary>The MACs of a container (records-keys.md §4.2).</summary>
internal enum ContainerMac
{
    /// <summary>The fragment's AES-GCM tag: the reader's check.</summary>
    FragmentTag,

    /// <summary>The writer MAC.</summary>
    Writer,

    /// <summary>The outbound reader check MAC of a forwarding MAC ("RCM").</summary>
    ReaderCheck,

    /// <summary>The check MAC of a forwarding MAC ("CM").</summary>
    Check,
}
