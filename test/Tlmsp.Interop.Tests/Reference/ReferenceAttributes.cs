using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>A theory that needs the reference tools; skipped, with the reason, where they are not named.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ReferenceTheoryAttribute : TheoryAttribute
{
    public ReferenceTheoryAttribute()
    {
        if (Reference.Folder is null)
        {
            Skip = Reference.WhyMissing;
        }
    }
}

/// <summary>A fact that needs the reference tools; skipped, with the reason, where they are not named.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ReferenceFactAttribute : FactAttribute
{
    public ReferenceFactAttribute()
    {
        if (Reference.Folder is null)
        {
            Skip = Reference.WhyMissing;
        }
    }
}
