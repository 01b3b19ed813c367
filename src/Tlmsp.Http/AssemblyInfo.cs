using System.Runtime.CompilerServices;

// The pooled buffer and the observers are shared by the hosts.
[assembly: InternalsVisibleTo("Tlmsp.AspNetCore")]
[assembly: InternalsVisibleTo("Tlmsp.HttpClient")]
[assembly: InternalsVisibleTo("Tlmsp.Middlebox")]
[assembly: InternalsVisibleTo("Tlmsp.Middlebox.Tests")]
