using System.Runtime.CompilerServices;

// The pooled buffer is shared by the hosts.
[assembly: InternalsVisibleTo("Tlmsp.HttpClient")]
[assembly: InternalsVisibleTo("Tlmsp.Middlebox")]
