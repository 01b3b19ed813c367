using System.Security.Cryptography;
using InspectingProxy;
using InspectingProxy.Demo;
using Microsoft.Extensions.Options;

// A WAF that reads heads, a scanner that reads the content of responses and a gateway that reads tokens, in front of one API.
// With "--deployed" the three are processes of their own, started as service managers start them.
// With "box FILE" this program is one of the three by itself, as it is deployed: see docs/deployment.md.
if (args is ["box", var file])
{
    try
    {
        await using WebApplication box = Box.Build(file);
        await box.StartAsync();
        await box.WaitForShutdownAsync();
        return 0;
    }
    catch (Exception e) when (e is InvalidDataException or InvalidOperationException or OptionsValidationException or IOException
        or CryptographicException)
    {
        Console.Error.WriteLine(e.Message);
        return 1;
    }
}

bool deployed = args.Contains("--deployed");
await using var parties = new Parties(deployed);
await parties.StartAsync();
var visits = new Visits(parties);
using (HttpClient client = parties.CreateClient())
{
    await visits.RunAsync(client);
}

// What was decided is told when a connection has ended.
await parties.StopAsync();
if (deployed)
{
    visits.CheckAudits();
}
else
{
    visits.CheckTestimonies();
}

Console.WriteLine(visits.Failures == 0 ? "All expectations hold." : $"{visits.Failures} expectations FAILED.");
return visits.Failures == 0 ? 0 : 1;
